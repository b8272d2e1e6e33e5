// Adds images to a form without leaving it: chosen, photographed, dropped or pasted. Each is sent at once, in the
// background, and chosen by itself as soon as the server has read it.
const picker = document.querySelector("[data-picker]");
const FILES_AT_ONCE = 20;
if (picker) {
  const form = picker.closest("form");
  const picked = document.getElementById("picked");
  const choices = document.getElementById("picture-choices");
  const further = document.getElementById("further-choices");
  let waitingButton = null;

  const usesFurther = () => form.querySelector('[data-uses~="more_pictures"] :checked') !== null;
  const chosen = () => form.querySelector('[name="picture"]:checked');
  const isPending = () => picked.querySelector("[data-pending]") !== null;

  const showState = (name) => {
    const state = document.createElement("div");
    state.className = "upload-state";
    state.dataset.pending = "";
    const [title, bar, said] = ["strong", "progress", "span"].map((kind) => document.createElement(kind));
    title.textContent = name;
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute("aria-label", picked.dataset.sending);
    said.className = "soft small";
    said.textContent = picked.dataset.sending;
    state.append(title, bar, said);
    picked.append(state);
    return { state, bar, said };
  };
  const fail = (state) => {
    const note = document.createElement("div");
    note.className = "note error";
    note.setAttribute("role", "alert");
    note.textContent = picked.dataset.interrupted;
    state.replaceWith(note);
    submitWaiting();
  };

  const send = (file, chosenIn) => {
    const { state, bar, said } = showState(file.name);
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (step) => {
      if (step.lengthComputable) bar.value = (100 * step.loaded) / step.total;
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      said.textContent = picked.dataset.reading;
    });
    request.addEventListener("load", () => {
      if (request.getResponseHeader("HX-Refresh")) window.location.reload();
      else if (request.status === 200) window.htmx.swap(state, request.responseText, { swapStyle: "outerHTML" });
      else fail(state);
    });
    request.addEventListener("error", () => fail(state));
    request.open("POST", picker.dataset.picker);
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
    const body = new FormData();
    body.append("file", file);
    body.append("for", chosenIn);
    request.send(body);
  };
  const sendAll = (files) => {
    let isMain = !usesFurther() || !chosen()?.value;
    for (const file of [...files].slice(0, FILES_AT_ONCE)) {
      send(file, isMain ? "picture" : "more_pictures");
      isMain = !usesFurther();
    }
  };

  // What the library offers already is offered once, where the new image is.
  const removeTwins = (input) => {
    for (const other of form.querySelectorAll(`[name="${input.name}"][value="${input.value}"]`)) {
      if (other !== input) {
        if (input.type === "checkbox") input.checked ||= other.checked;
        other.closest(".option").remove();
      }
    }
  };
  const adopt = () => {
    for (const input of picked.querySelectorAll("[data-new]")) {
      const isChosen = input.hasAttribute("checked");
      input.removeAttribute("data-new");
      removeTwins(input);
      choices.firstElementChild.after(input.closest(".option"));
      if (isChosen) input.checked = true;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
    for (const input of [...further.querySelectorAll("input")].reverse()) if (input.isConnected) removeTwins(input);
    submitWaiting();
  };
  document.addEventListener("htmx:afterSettle", adopt);

  // An announcement does not leave before the images that were chosen for it are there.
  form.addEventListener("submit", (event) => {
    if (!isPending()) return;
    event.preventDefault();
    event.stopPropagation();
    waitingButton = event.submitter;
    document.getElementById("upload-wait").hidden = false;
  });
  function submitWaiting() {
    if (!waitingButton || isPending()) return;
    const button = waitingButton;
    waitingButton = null;
    document.getElementById("upload-wait").hidden = true;
    form.requestSubmit(button);
  }

  const isWithFiles = (data) => [...(data?.types || [])].includes("Files");
  form.addEventListener("dragover", (event) => {
    if (!isWithFiles(event.dataTransfer)) return;
    event.preventDefault();
    picker.classList.add("over");
  });
  for (const name of ["dragleave", "drop"]) form.addEventListener(name, () => picker.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    if (!isWithFiles(event.dataTransfer)) return;
    event.preventDefault();
    sendAll(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])].filter((file) => file.type.startsWith("image/"));
    if (!files.length) return;
    event.preventDefault();
    sendAll(files);
  });
  picker.querySelectorAll("[data-picker-files]").forEach((input) => input.addEventListener("change", (event) => {
    event.stopPropagation();
    sendAll(input.files);
    input.value = "";
  }));
  picked.addEventListener("click", (event) => {
    if (!event.target.closest("[data-remove]")) return;
    event.target.closest(".upload-state").remove();
    submitWaiting();
  });

  // The words about the image are those of the chosen one.
  form.addEventListener("change", (event) => {
    if (event.target.name !== "picture" || !event.target.value) return;
    const { picture_name: name, picture_description: description, described_picture: described } = form.elements;
    if (described.value === event.target.value) return;
    described.value = event.target.value;
    name.value = event.target.dataset.name;
    description.value = event.target.dataset.description;
  });
  picker.querySelector("[data-script-only]").hidden = false;
}
