// Small improvements of every page. Each page works without them.

// After a part of the page was replaced, the focus goes to the element that the server marked for it.
document.addEventListener("htmx:afterSettle", (event) => {
  const target = document.querySelector("[data-focus-now]");
  if (target) {
    target.removeAttribute("data-focus-now");
    target.focus();
  }
  const marked = event.target.querySelector?.("[data-say]");
  if (marked) announce(marked.dataset.say);
});

// A page that comes back with errors starts at their summary, and one that says what was done at that.
(document.querySelector("[data-error-summary]") || document.querySelector("#messages:has(.note)"))?.focus();

// Lets screen readers read a text aloud.
function announce(text) {
  const region = document.getElementById("announcer");
  if (region) region.textContent = text;
}

// A second press of the same button sends nothing. The server recognises it, too.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.querySelectorAll("[type=submit]").forEach((button) => button.setAttribute("aria-disabled", "true"));
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("[data-once]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("[type=submit]").forEach((button) => button.removeAttribute("aria-disabled"));
  });
});

// A form that is answered by a file leaves its page as it was. The server marks such an answer by a cookie; then the page
// is asked for again, with what was made, and without the faults of a try before.
const SAVED = "download-saved=yes";
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-download]")) return;
  const waiting = setInterval(() => {
    if (!document.cookie.split("; ").includes(SAVED)) return;
    clearInterval(waiting);
    document.cookie = "download-saved=; max-age=0; path=/";
    window.location.assign(window.location.pathname);
  }, 300);
});

// A search within a form asks for other choices, by Enter or its button, and does not send the form.
const find = (input) => window.htmx?.trigger(input, "find");
for (const input of document.querySelectorAll("[data-find]")) {
  const button = input.parentElement.querySelector("button");
  button.type = "button";
  button.addEventListener("click", () => find(input));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    find(input);
  });
}

// Copies a command or a link to the clipboard.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    announce(button.dataset.copied);
    button.querySelector("span").textContent = button.dataset.copied;
  } catch {
    window.getSelection().selectAllChildren(source);
  }
});

// Asks before something is deleted permanently.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask]");
  if (button && !window.confirm(button.dataset.ask)) event.preventDefault();
});

// A thumbnail that is not drawn yet is one pixel: it is asked for again, ever less often.
const askAgain = (image) => {
  const times = Number(image.dataset.drawn || 0);
  if (image.naturalWidth !== 1 || times >= 8) return;
  image.dataset.drawn = times + 1;
  const address = new URL(image.src);
  address.searchParams.set("try", times + 1);
  setTimeout(() => { image.src = address; }, 500 * 1.7 ** times);
};
document.addEventListener("load", (event) => {
  if (event.target.matches?.("[data-drawn]")) askAgain(event.target);
}, true);
document.querySelectorAll("[data-drawn]").forEach((image) => image.complete && askAgain(image));

// Visible elements ask the server again every so many seconds: data-every="3" with hx-trigger="due".
let seconds = 0;
setInterval(() => {
  seconds += 1;
  if (document.hidden) return;
  for (const element of document.querySelectorAll("[data-every]")) {
    if (seconds % Number(element.dataset.every) === 0) window.htmx?.trigger(element, "due");
  }
}, 1000);
