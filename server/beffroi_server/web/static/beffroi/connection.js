// Says when the server is gone, keeps what was typed, tries again, and tells how many things need attention.
const notice = document.getElementById("connection");
const PULSE_S = 5;
const HIDDEN_PULSE_S = 30;
const TIMEOUT_MS = 4000;
const PAUSES_S = [1, 2, 4, 8, 15, 30];
const FAILURES = 2;
const state = { heardAt: new Date(), failures: 0, attempt: 0, timer: 0, waiting: null };

function isLost() {
  return document.documentElement.dataset.connection === "lost";
}

// In the time of the town, as every other time of the page.
function clockText(instant) {
  const options = { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: notice.dataset.zone };
  const time = new Intl.DateTimeFormat("en-GB", options).format(instant);
  return document.documentElement.lang === "fr" ? time.replace(/^0?(\d+):/, "$1\u202fh\u202f") : time;
}

function part(name) {
  return notice.querySelector(`[data-part="${name}"]`);
}

function announce(text) {
  const region = document.getElementById("announcer");
  if (region) region.textContent = text;
}

// Something came from the server.
function heard() {
  state.heardAt = new Date();
  state.failures = 0;
  state.attempt = 0;
  if (!isLost()) return;
  delete document.documentElement.dataset.connection;
  for (const element of document.querySelectorAll("[data-every]")) window.htmx?.trigger(element, "due");
  announce(notice.dataset.back);
  if (state.waiting) offerAgain();
  else notice.hidden = true;
}

// A request failed: a second one decides, so that one that was lost on the way alarms nobody.
function missed() {
  state.failures += 1;
  if (state.failures >= FAILURES && !isLost()) showLost();
  plan(PAUSES_S[Math.min(state.attempt, PAUSES_S.length - 1)] * (0.8 + 0.4 * Math.random()));
  state.attempt += 1;
}

function showLost() {
  document.documentElement.dataset.connection = "lost";
  part("text").textContent = notice.dataset.lost.replace("TIME", clockText(state.heardAt));
  part("detail").textContent = notice.dataset.kept;
  part("again").textContent = notice.dataset.again;
  part("drop").hidden = true;
  notice.hidden = false;
  announce(part("text").textContent);
}

function plan(seconds) {
  clearTimeout(state.timer);
  state.timer = setTimeout(beat, seconds * 1000);
}

async function beat() {
  try {
    const answer = await fetch(notice.dataset.pulse, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (answer.status >= 500) throw new Error(String(answer.status));
    heard();
    if (answer.ok && answer.headers.get("Content-Type")?.startsWith("application/json")) {
      const counts = await answer.json();
      showProblems(counts.problems);
      showCount("proposals", counts.proposals);
    }
    plan(document.hidden ? HIDDEN_PULSE_S : PULSE_S);
  } catch {
    missed();
  }
}

// Forms: those that matter most are sent in the background; the others go as always while the server is there.
document.addEventListener("submit", (event) => {
  const form = event.target;
  // Attributes, not properties: a field may be called “method” or “action”.
  if (event.defaultPrevented || form.getAttribute("method")?.toLowerCase() !== "post") return;
  if (form.dataset.natively) delete form.dataset.natively;
  else if (form.matches("[data-background]")) {
    event.preventDefault();
    sendInBackground(form, event.submitter);
  } else if (isLost()) {
    event.preventDefault();
    keep(form, event.submitter);
  }
});

async function sendInBackground(form, submitter) {
  form.setAttribute("aria-busy", "true");
  try {
    const action = submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? "";
    const answer = await fetch(action || window.location.href, {
      method: "POST",
      body: new FormData(form, submitter),
      headers: { "X-Background": "yes" },
      signal: AbortSignal.timeout(30000),
    });
    if (answer.status >= 500) throw new Error(String(answer.status));
    heard();
    const address = answer.headers.get("X-Location");
    if (address) window.location.assign(address);
    // Its errors are shown by the page that the browser loads: nothing was stored, so the form may go again.
    else sendNatively(form, submitter);
  } catch {
    keep(form, submitter);
    state.failures = FAILURES;
    missed();
  } finally {
    form.removeAttribute("aria-busy");
  }
}

function sendNatively(form, submitter) {
  state.waiting = null;
  delete form.dataset.sent;
  form.dataset.natively = "yes";
  form.requestSubmit(submitter?.isConnected ? submitter : undefined);
}

// A form that could not be sent stays as it is, and may be pressed again.
function keep(form, submitter) {
  state.waiting = { form, submitter };
  delete form.dataset.sent;
  form.querySelectorAll("[type=submit]").forEach((button) => button.removeAttribute("aria-disabled"));
  if (isLost()) {
    part("detail").textContent = notice.dataset.unsent;
    announce(notice.dataset.unsent);
  }
}

function offerAgain() {
  part("text").textContent = notice.dataset.back;
  part("detail").textContent = notice.dataset.unsentBack;
  part("again").textContent = notice.dataset.send;
  part("drop").hidden = false;
  notice.hidden = false;
  part("again").focus();
}

if (notice) {
  part("again").addEventListener("click", () => {
    if (isLost()) return beat();
    const { form, submitter } = state.waiting;
    state.waiting = null;
    notice.hidden = true;
    form.requestSubmit(submitter?.isConnected ? submitter : undefined);
  });
  part("drop").addEventListener("click", () => {
    state.waiting = null;
    notice.hidden = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const status = event.detail.xhr?.status ?? 0;
    if (status > 0 && status < 500) heard();
    else if (state.failures === 0) plan(0);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) plan(0);
  });
  window.addEventListener("online", () => plan(0));
  window.addEventListener("offline", () => plan(0));
  plan(1);
}

// The number of problems, before the title and on the icon: seen in a row of tabs.
const title = document.title;
const icon = document.querySelector("link[rel=icon]");
const plainIcon = icon?.href;
let shown = 0;

function showProblems(count) {
  if (count === shown) return;
  shown = count;
  document.title = count ? `(${count}) ${title}` : title;
  if (icon) drawIcon(count);
}

// A number beside an item of the menu; nothing where it is 0.
function showCount(name, count) {
  for (const element of document.querySelectorAll(`[data-counted="${name}"]`)) {
    element.querySelector("[data-count]").textContent = count;
    element.hidden = !count;
  }
}

function drawIcon(count) {
  if (!count) {
    icon.href = plainIcon;
    return;
  }
  const image = new Image();
  image.addEventListener("load", () => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 64;
    const pen = canvas.getContext("2d");
    pen.drawImage(image, 0, 0, 64, 64);
    pen.fillStyle = "#b0121d";
    pen.beginPath();
    pen.arc(42, 42, 22, 0, 2 * Math.PI);
    pen.fill();
    pen.fillStyle = "#ffffff";
    pen.font = "bold 30px sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(count > 9 ? "9+" : String(count), 42, 44);
    icon.href = canvas.toDataURL("image/png");
  });
  image.src = plainIcon;
}
