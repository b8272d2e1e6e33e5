// Keeps what somebody types into a form until it is saved: over a crash, an expired session or a closed tab.
//
// Every form of a page that is sent by POST has a draft, under the address that it is sent to or the name in data-draft.
// Left out are passwords, codes, and forms or fields with data-no-draft.
// data-draft-ask offers a draft instead of restoring it: an alert must never begin with an old text unawares.
const note = document.getElementById("draft-note");
const KEPT_MS = 14 * 24 * 3600 * 1000;
const DRAFTS_AT_MOST = 40;
const LETTERS_AT_MOST = 100000;
const SENT = "draft-sent";
const PRIVATE = new Set(["one-time-code", "current-password", "new-password"]);
const NO_TEXT = new Set(["password", "file", "submit", "button", "image", "reset"]);
const prefix = `draft:${note?.dataset.owner}:`;

const isDraftField = (field) =>
  field.name && !field.disabled && !NO_TEXT.has(field.type) && !["csrfmiddlewaretoken", "token"].includes(field.name)
  && !field.hasAttribute("data-no-draft") && !PRIVATE.has(field.getAttribute("autocomplete"));
const fieldsOf = (form) => [...form.elements].filter(isDraftField);
const isChoice = (field) => ["radio", "checkbox"].includes(field.type);
const valuesOf = (form) => fieldsOf(form).flatMap((field) => {
  if (isChoice(field)) return field.checked ? [[field.name, field.value]] : [];
  if (field.type === "select-multiple") return [...field.selectedOptions].map((option) => [field.name, option.value]);
  return [[field.name, field.value]];
});
const keyOf = (form) => prefix + (form.dataset.draft || new URL(form.getAttribute("action") || "", window.location).pathname);

// Storage may be full or forbidden: then a page works as it does without drafts.
const attempt = (action) => {
  try {
    return action();
  } catch {
    return null;
  }
};
const readDraft = (key) => attempt(() => {
  const stored = JSON.parse(localStorage.getItem(key));
  return stored && Date.now() - stored.at < KEPT_MS ? stored.values : null;
});
const removeDraft = (key) => attempt(() => localStorage.removeItem(key));
const keepDraft = (form) => attempt(() => {
  const text = JSON.stringify({ at: Date.now(), values: valuesOf(form) });
  if (text.length <= LETTERS_AT_MOST) localStorage.setItem(keyOf(form), text);
});
const dropOldDrafts = () => attempt(() => {
  const kept = Object.keys(localStorage).filter((key) => key.startsWith("draft:"))
    .map((key) => [JSON.parse(localStorage.getItem(key))?.at || 0, key]).sort((one, other) => other[0] - one[0]);
  for (const [at, key] of kept.filter(([time], index) => index >= DRAFTS_AT_MOST || Date.now() - time >= KEPT_MS)) {
    if (at || key) localStorage.removeItem(key);
  }
});

// The page that answers a form without finding fault with it ends its draft. A page that was opened otherwise says
// nothing about the form: the server may never have received it.
const endSentDraft = () => {
  const sent = attempt(() => JSON.parse(sessionStorage.getItem(SENT)));
  attempt(() => sessionStorage.removeItem(SENT));
  if (!sent || !note) return;
  const [how] = performance.getEntriesByType("navigation");
  const isAnswer = how?.type === "navigate" && attempt(() => new URL(document.referrer).pathname) === sent.page;
  const notes = document.querySelectorAll("#messages .note");
  const isRefused = document.querySelector("[data-error-summary], form[data-bound]")
    || (notes.length && ![...notes].some((each) => each.matches(".success")));
  if (isAnswer && !isRefused) removeDraft(sent.key);
};

// Texts in a language that was added to the form and never saved: the form is opened without their fields.
const addLanguages = (form, values) => {
  const add = (name, value) => form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  for (const [name, value] of values) {
    const code = name.match(/^text-([a-z]+)-/)?.[1];
    if (!code || !value || form.elements.namedItem(name)) continue;
    add(name, value);
    if (!form.querySelector(`[name="translations"][value="${code}"]`)) add("translations", code);
  }
};

const fill = (form, values) => {
  addLanguages(form, values);
  for (const field of fieldsOf(form)) {
    const given = values.filter(([name]) => name === field.name).map(([, value]) => value);
    if (isChoice(field)) field.checked = given.includes(field.value);
    else if (field.type === "select-multiple") {
      for (const option of field.options) option.selected = given.includes(option.value);
    } else if (given.length) [field.value] = given;
  }
  tickUnlisted(form, values);
  for (let fold = form.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  tell(form);
};
// A long list shows only some choices. The others that a draft holds go with the form, and the server lists them.
const tickUnlisted = (form, values) => {
  for (const list of form.querySelectorAll("[data-choices]")) {
    const name = list.dataset.choices;
    const listed = new Set([...list.querySelectorAll("input")].map((input) => input.value));
    const unlisted = values.filter(([key, value]) => key === name && !listed.has(value));
    for (const [, value] of unlisted) {
      const input = Object.assign(document.createElement("input"), { type: "hidden", name, value });
      list.append(input);
    }
    const search = list.parentElement.querySelector("[data-find]");
    const ask = () => window.htmx?.trigger(search, "find");
    if (!unlisted.length || !search) continue;
    if (document.readyState === "complete") ask();
    else window.addEventListener("load", ask);
  }
};
// Whatever follows what is typed, such as a preview, follows a draft, too.
let isTelling = false;
const tell = (form) => {
  isTelling = true;
  for (const name of ["input", "change"]) form.dispatchEvent(new Event(name, { bubbles: true }));
  isTelling = false;
};

const showNote = (form, key, values) => {
  const shown = note.content.firstElementChild.cloneNode(true);
  const restore = shown.querySelector("[data-draft-restore]");
  const asks = form.hasAttribute("data-draft-ask");
  shown.querySelector("[data-draft-restored]").hidden = asks;
  shown.querySelector("[data-draft-offered]").hidden = !asks;
  restore.hidden = !asks;
  restore.addEventListener("click", () => {
    fill(form, values);
    shown.remove();
  });
  shown.querySelector("[data-draft-discard]").addEventListener("click", () => {
    removeDraft(key);
    if (!asks) form.reset();
    shown.remove();
    tell(form);
    form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  });
  form.before(shown);
};

const offerDraft = (form) => {
  const key = keyOf(form);
  const values = form.hasAttribute("data-bound") ? null : readDraft(key);
  if (!values || JSON.stringify(values) === JSON.stringify(valuesOf(form))) return;
  if (!form.hasAttribute("data-draft-ask")) fill(form, values);
  showNote(form, key, values);
};

const hasDraft = (form) => form.method === "post" && !form.closest("[data-no-draft]")
  && !form.querySelector("[type=password]") && fieldsOf(form).some((field) => field.type !== "hidden");

endSentDraft();
if (note) {
  dropOldDrafts();
  document.querySelectorAll("main form").forEach((form) => {
    if (hasDraft(form)) offerDraft(form);
  });
  // A form that is loaded once it is opened has its draft then.
  document.addEventListener("htmx:load", ({ target }) => {
    if (target.matches?.("form[data-draft-late]") && hasDraft(target)) offerDraft(target);
  });
  document.addEventListener("input", (event) => {
    const form = !isTelling && event.target.closest?.("main form");
    if (form && hasDraft(form)) keepDraft(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.closest("main") || !hasDraft(form)) return;
    keepDraft(form);
    attempt(() => sessionStorage.setItem(SENT, JSON.stringify({ key: keyOf(form), page: window.location.pathname })));
  });
}
