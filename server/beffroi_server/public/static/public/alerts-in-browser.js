// Has this browser show alerts, and shows and deletes what is stored of it.
const form = document.getElementById("browser-form");
const stored = document.getElementById("stored");
const told = document.getElementById("told");

function say(name) {
  told.textContent = document.querySelector(`[data-text="${name}"]`)?.textContent ?? name;
  told.hidden = false;
}

function keyBytes(text) {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
}

function post(address, subscription, values = {}) {
  return fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ subscription, ...values }),
  });
}

function activated(registration) {
  const worker = registration.installing || registration.waiting || registration.active;
  if (worker.state === "activated") return Promise.resolve();
  return new Promise((resolve) => {
    worker.addEventListener("statechange", () => worker.state === "activated" && resolve());
  });
}

function show(data) {
  stored.querySelector("pre").textContent = JSON.stringify(data, null, 2);
  stored.hidden = false;
  form.elements.from_level.value = data.from_level;
  for (const box of form.querySelectorAll("[name=groups]")) box.checked = data.groups.includes(Number(box.value));
}

async function current() {
  const registration = await navigator.serviceWorker.getRegistration(form.dataset.worker);
  return registration?.pushManager.getSubscription();
}

async function begin() {
  const subscription = await current();
  if (!subscription) return;
  const answer = await post(form.dataset.stored, subscription);
  if (answer.ok) {
    show(await answer.json());
    say("on");
  }
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") return say("denied");
  const registration = await navigator.serviceWorker.register(form.dataset.worker);
  await activated(registration);
  const options = { userVisibleOnly: true, applicationServerKey: keyBytes(form.dataset.key) };
  let subscription;
  try {
    subscription = await registration.pushManager.subscribe(options);
  } catch {
    // It was made with a former key of the server.
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    subscription = await registration.pushManager.subscribe(options);
  }
  const groups = [...form.querySelectorAll("[name=groups]:checked")].map((box) => box.value);
  const answer = await post(form.dataset.subscribe, subscription, { from_level: form.elements.from_level.value, groups });
  const data = await answer.json();
  if (!answer.ok) return say(data.problem);
  show(data);
  say("on");
}

async function end() {
  const subscription = await current();
  if (subscription) {
    const answer = await post(form.dataset.end, subscription);
    if (!answer.ok) throw new Error(String(answer.status));
    await subscription.unsubscribe();
  }
  stored.hidden = true;
  say("off");
}

if ("serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    subscribe().catch(() => say("failed"));
  });
  document.getElementById("end").addEventListener("click", () => end().catch(() => say("failed")));
  begin().catch(() => {});
} else say("unable");
