// Sends images and videos as soon as they are chosen, dropped or pasted, and says how far they are.
const enhance = (form) => {
  const input = form.querySelector("input[type=file]");
  const area = form.querySelector(".drop");
  const bar = form.querySelector("progress");
  const said = form.querySelector("[data-said]");
  const button = form.querySelector("[type=submit]");
  button.hidden = true;
  const sendFiles = (files) => {
    if (!files?.length) return;
    input.files = files;
    form.requestSubmit(button);
  };
  const stop = (event) => event.preventDefault();
  for (const name of ["dragenter", "dragover"]) {
    area.addEventListener(name, (event) => {
      stop(event);
      area.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) area.addEventListener(name, () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    stop(event);
    sendFiles(event.dataTransfer.files);
  });
  input.addEventListener("change", () => sendFiles(input.files));
  form.addEventListener("paste-files", (event) => sendFiles(event.detail));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    bar.hidden = false;
    said.textContent = said.dataset.sending;
    form.querySelector("[data-interrupted]").hidden = true;
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (step) => {
      if (step.lengthComputable) bar.value = (100 * step.loaded) / step.total;
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      said.textContent = said.dataset.reading;
    });
    request.addEventListener("load", () => {
      if (request.responseURL !== window.location.href && request.status < 400) {
        window.location.assign(request.responseURL);
        return;
      }
      const answer = new DOMParser().parseFromString(request.responseText, "text/html");
      const main = answer.querySelector("main");
      document.querySelector("main").replaceWith(main);
      window.htmx?.process(main);
      enhancePage();
      (document.querySelector("[data-error-summary]") || document.querySelector("#messages:has(.note)"))?.focus();
    });
    request.addEventListener("error", () => {
      // Sending it again by ourselves would only be interrupted again.
      bar.hidden = true;
      said.textContent = "";
      input.value = "";
      form.querySelector("[data-interrupted]").hidden = false;
    });
    request.open("POST", form.action);
    request.send(new FormData(form));
  });
};
const enhancePage = () => document.querySelectorAll("[data-upload]").forEach(enhance);

enhancePage();
document.addEventListener("paste", (event) => {
  document.querySelector("[data-upload]")?.dispatchEvent(
    new CustomEvent("paste-files", { detail: event.clipboardData?.files }));
});
