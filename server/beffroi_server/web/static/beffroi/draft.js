// Keeps what somebody types over a crash, an expired session or a restart of the browser, in this tab only.
const form = document.querySelector("[data-draft]");
if (form) {
  const key = `draft:${form.dataset.draft}`;
  const isDraftField = (element) => element.name && !["csrfmiddlewaretoken", "version"].includes(element.name);
  const fields = () => [...form.elements].filter((element) => isDraftField(element) && element.type !== "file");
  const currentValues = () => JSON.stringify(fields()
    .filter((field) => !["radio", "checkbox"].includes(field.type) || field.checked)
    .map((field) => [field.name, field.value]));
  const restore = (values) => {
    for (const field of fields()) {
      const given = values.filter(([name]) => name === field.name).map(([, value]) => value);
      if (["radio", "checkbox"].includes(field.type)) field.checked = given.includes(field.value);
      else if (given.length) field.value = given[0];
    }
    const note = document.getElementById("draft-note");
    if (note) note.hidden = false;
    form.dispatchEvent(new Event("draft-restored"));
  };

  const stored = sessionStorage.getItem(key);
  // A page that came back with errors already holds what was typed.
  if (stored && !form.hasAttribute("data-bound") && stored !== currentValues()) restore(JSON.parse(stored));
  form.addEventListener("input", () => sessionStorage.setItem(key, currentValues()));
  document.getElementById("draft-forget")?.addEventListener("click", () => {
    sessionStorage.removeItem(key);
    window.location.reload();
  });
}
// The page after saving names the draft that is no longer needed.
const done = document.querySelector("[data-draft-done]");
if (done) sessionStorage.removeItem(`draft:${done.dataset.draftDone}`);
