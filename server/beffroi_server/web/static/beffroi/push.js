// Lets this browser take notifications, and says why it cannot.
const button = document.getElementById("push-allow");
const note = document.getElementById("push-note");

function say(reason) {
  for (const text of note.querySelectorAll("[data-reason]")) text.hidden = text.dataset.reason !== reason;
  note.hidden = false;
}

function keyBytes(text) {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") return say("denied");
  const worker = await navigator.serviceWorker.register(button.dataset.worker);
  const former = await worker.pushManager.getSubscription();
  // A subscription with a former key of the server would be refused.
  await former?.unsubscribe();
  await activated(worker);
  const options = { userVisibleOnly: true, applicationServerKey: keyBytes(button.dataset.key) };
  const subscription = await worker.pushManager.subscribe(options);
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(button.dataset.address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(subscription),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  window.location.reload();
}

function activated(registration) {
  const worker = registration.installing || registration.waiting || registration.active;
  if (worker.state === "activated") return Promise.resolve();
  return new Promise((resolve) => {
    worker.addEventListener("statechange", () => worker.state === "activated" && resolve());
  });
}

if (button) {
  if ("serviceWorker" in navigator && "PushManager" in window) {
    button.hidden = false;
    button.addEventListener("click", () => subscribe().catch(() => say("failed")));
  } else say("unable");
}
