// Small helps on every page. Each page works without them.

// After a part of the page was replaced, the focus goes where the server says that the work goes on.
document.addEventListener("htmx:afterSettle", (event) => {
  const target = document.querySelector("[data-focus-now]");
  if (target) {
    target.removeAttribute("data-focus-now");
    target.focus();
  }
  const said = event.target.querySelector?.("[data-say]");
  if (said) say(said.dataset.say);
});

// A page that comes back with errors starts at their summary.
document.querySelector("[data-error-summary]")?.focus();

function say(words) {
  const region = document.getElementById("said");
  if (region) region.textContent = words;
}

// A second press of the same button sends nothing; the server would know it too.
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

// Copies a command.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    say(button.dataset.copied);
    button.querySelector("span").textContent = button.dataset.copied;
  } catch {
    window.getSelection().selectAllChildren(source);
  }
});

// Asks before something is taken away for good.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask]");
  if (button && !window.confirm(button.dataset.ask)) event.preventDefault();
});

// What is open and visible looks again every so many seconds: data-every="3" with hx-trigger="due".
let seconds = 0;
setInterval(() => {
  seconds += 1;
  if (document.hidden) return;
  for (const element of document.querySelectorAll("[data-every]")) {
    if (seconds % Number(element.dataset.every) === 0) window.htmx?.trigger(element, "due");
  }
}, 1000);
