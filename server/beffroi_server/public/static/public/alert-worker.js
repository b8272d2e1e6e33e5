// Shows alerts of the town in this browser, and opens the page of the alert.
self.addEventListener("push", (event) => {
  const message = event.data.json();
  const options = { body: message.body, tag: message.tag, data: { url: message.url } };
  event.waitUntil(self.registration.showNotification(message.title, options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data.url));
});
