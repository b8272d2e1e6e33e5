// Adds dropping files and a progress bar to the form for pictures.
const form = document.querySelector("[data-upload]");
if (form) {
  const input = form.querySelector("input[type=file]");
  const area = form.querySelector(".drop");
  const bar = form.querySelector("progress");
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
    input.files = event.dataTransfer.files;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    bar.hidden = false;
    form.querySelector("[data-interrupted]").hidden = true;
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (step) => {
      if (step.lengthComputable) bar.value = (100 * step.loaded) / step.total;
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
      document.querySelector("[data-error-summary]")?.focus();
    });
    request.addEventListener("error", () => {
      // Sending it again by ourselves would only be interrupted again.
      bar.hidden = true;
      form.querySelector("[data-interrupted]").hidden = false;
    });
    request.open("POST", form.action);
    request.send(new FormData(form));
  });
}
