// Keeps what somebody types through a crash, an expired session or a closed lid, in this tab only.
const form = document.querySelector("[data-draft]");
if (form) {
  const key = `draft:${form.dataset.draft}`;
  const names = (element) => element.name && !["csrfmiddlewaretoken", "version"].includes(element.name);
  const fields = () => [...form.elements].filter((element) => names(element) && element.type !== "file");
  const save = () => {
    const values = fields()
      .filter((field) => !["radio", "checkbox"].includes(field.type) || field.checked)
      .map((field) => [field.name, field.value]);
    sessionStorage.setItem(key, JSON.stringify(values));
  };
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
  const now = () => JSON.stringify(fields()
    .filter((field) => !["radio", "checkbox"].includes(field.type) || field.checked)
    .map((field) => [field.name, field.value]));

  const kept = sessionStorage.getItem(key);
  // A page that came back with errors already holds what was typed.
  if (kept && !form.hasAttribute("data-bound") && kept !== now()) restore(JSON.parse(kept));
  form.addEventListener("input", save);
  document.getElementById("draft-forget")?.addEventListener("click", () => {
    sessionStorage.removeItem(key);
    window.location.reload();
  });
}
// A page reached after saving says which draft is done with.
const done = document.querySelector("[data-draft-done]");
if (done) sessionStorage.removeItem(`draft:${done.dataset.draftDone}`);
