// Offers a table in place of the text of an announcement whose lines are rows of cells, such as a menu or opening hours.
//
// The text stays what is saved: without this script it is written by hand. Cells have no names, so they are not sent.
const editor = document.getElementById("table-editor");
const form = editor?.closest("form");
const text = form?.querySelector("textarea[name=body]");
const COLUMNS_AT_MOST = 6;
const DAY_MS = 24 * 3600 * 1000;

if (editor && text) {
  const formats = JSON.parse(editor.dataset.formats);
  const field = text.closest(".field");
  const place = editor.querySelector("[data-rows]");
  const language = editor.dataset.language;
  let shown = null;
  let rows = [];

  const format = () => formats[form.querySelector("[name=template]:checked")?.value] || null;
  const isFree = () => shown.columns.length === 0;
  const width = () => (isFree() ? Math.max(2, ...rows.map((row) => row.length)) : shown.columns.length);
  const lines = () => text.value.split("\n").map((line) => line.trim()).filter(Boolean);

  const splitLine = (line) => {
    if (shown.separator === "|") return line.split("|").map((cell) => cell.trim());
    const found = line.match(/^([^:|]{1,40}?)\s?:\s+(\S.*)$/);
    return found ? [found[1], found[2]] : shown.columns.length > 1 && shown.days ? ["", line] : [line, ""];
  };
  const joinRow = (row) => {
    const cells = row.map((cell) => cell.replace(/[|\n]/g, "/").trim());
    if (shown.separator === "|") return cells.some(Boolean) ? cells.join(" | ") : "";
    const heading = cells[0].replace(/:/g, "–");
    return heading && cells[1] ? `${heading}: ${cells[1]}` : heading || cells[1];
  };
  const write = () => {
    text.value = rows.map(joinRow).filter(Boolean).join("\n");
  };
  const changed = () => {
    write();
    text.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const cellLabel = (at, column) => {
    if (isFree()) {
      if (at === 0) return `${editor.dataset.heading} ${column + 1}`;
      return `${editor.dataset.row} ${at}, ${rows[0][column] || `${editor.dataset.column} ${column + 1}`}`;
    }
    return `${editor.dataset.row} ${at + 1}, ${shown.columns[column]}`;
  };
  const makeCell = (at, column) => {
    const cell = document.createElement("input");
    cell.className = "form-control";
    cell.id = `cell-${at}-${column}`;
    cell.value = rows[at][column] || "";
    cell.maxLength = 100;
    cell.autocomplete = "off";
    cell.setAttribute("aria-label", cellLabel(at, column));
    cell.placeholder = isFree() ? (at && rows[0][column]) || "" : shown.columns[column];
    return cell;
  };
  const makeRemover = (at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-small";
    button.dataset.remove = at;
    button.textContent = "×";
    button.setAttribute("aria-label", `${editor.dataset.remove} ${isFree() ? at : at + 1}`);
    return button;
  };
  const draw = (focus) => {
    const count = width();
    rows = rows.map((row) => Array.from({ length: count }, (_none, column) => row[column] || ""));
    place.replaceChildren(...rows.map((_row, at) => {
      const line = document.createElement("div");
      line.className = "table-row";
      line.classList.toggle("table-head", isFree() && at === 0);
      line.append(...Array.from({ length: count }, (_none, column) => makeCell(at, column)));
      if (!(isFree() && at === 0)) line.append(makeRemover(at));
      return line;
    }));
    for (const [name, isOn] of [["add-column", isFree() && count < COLUMNS_AT_MOST], ["drop-column", isFree() && count > 2],
      ["weekdays", shown.days], ["week", shown.days]]) {
      for (const button of editor.querySelectorAll(`[data-${name}]`)) button.hidden = !isOn;
    }
    if (focus) document.getElementById(focus)?.focus();
  };
  const read = () => {
    rows = lines().map(splitLine);
    if (!rows.length) rows = isFree() ? [["", ""], ["", ""]] : [[""]];
    if (isFree() && rows.length < 2) rows.push([""]);
    draw();
  };
  // Another template may divide its lines otherwise: the cells go over, not the signs between them.
  const convert = (before, after) => {
    if (!before || !after || before.separator === after.separator) return;
    if (after.separator === "|") rows = [after.columns.length ? [] : [""], ...rows].filter((row) => row.length);
    else {
      const body = before.columns.length ? rows : rows.slice(1);
      rows = body.map((row) => [row[0], row.slice(1).filter(Boolean).join(", ")]);
    }
    shown = after;
    write();
  };
  const refresh = () => {
    const now = format();
    const isOther = now !== shown;
    convert(shown, now);
    shown = now;
    editor.hidden = !shown;
    field.hidden = Boolean(shown);
    if (shown && (isOther || text.value !== rows.map(joinRow).filter(Boolean).join("\n"))) read();
  };

  const addRow = (cells = []) => {
    rows.push(cells);
    draw(`cell-${rows.length - 1}-0`);
  };
  const fillDays = (days) => {
    const first = isFree() ? 1 : 0;
    rows = rows.filter((row, at) => at < first || row.some((cell) => cell));
    for (const day of days) if (!rows.slice(first).some((row) => row[0] === day)) rows.push([day]);
    draw(`cell-${Math.min(first, rows.length - 1)}-1`);
    changed();
  };
  const monday = () => {
    const now = new Date();
    now.setHours(12);
    return now.getTime() - ((now.getDay() + 6) % 7) * DAY_MS;
  };
  const dayNames = (start, count, how) => Array.from({ length: count }, (_none, at) => {
    const name = new Date(start + at * DAY_MS).toLocaleDateString(language, how);
    return name.charAt(0).toUpperCase() + name.slice(1);
  });

  place.addEventListener("input", (event) => {
    const [, at, column] = event.target.id.split("-").map(Number);
    rows[at][column] = event.target.value;
    write();
  });
  // A table that was copied from a spreadsheet or a document fills the cells from here on.
  place.addEventListener("paste", (event) => {
    const pasted = event.clipboardData?.getData("text/plain") || "";
    if (!/[\t\n]/.test(pasted.trim())) return;
    event.preventDefault();
    const [, at, column] = event.target.id.split("-").map(Number);
    pasted.trim().split(/\r?\n/).forEach((line, down) => {
      rows[at + down] ||= [];
      line.split("\t").slice(0, COLUMNS_AT_MOST - column).forEach((cell, right) => {
        rows[at + down][column + right] = cell.trim();
      });
    });
    draw(event.target.id);
    changed();
  });
  place.addEventListener("keydown", (event) => {
    const [, at, column] = (event.target.id || "").split("-").map(Number);
    const down = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!down || !event.target.matches("input")) return;
    event.preventDefault();
    if (event.key === "Enter" && at === rows.length - 1) addRow();
    else document.getElementById(`cell-${at + down}-${column}`)?.focus();
  });
  editor.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { remove, week } = button.dataset;
    if (remove !== undefined) {
      rows.splice(Number(remove), 1);
      if (rows.length < (isFree() ? 2 : 1)) rows.push([""]);
      draw(`cell-${Math.min(Number(remove), rows.length - 1)}-0`);
      changed();
    } else if ("addRow" in button.dataset) addRow();
    else if ("addColumn" in button.dataset) {
      rows[0].push("");
      draw(`cell-0-${rows[0].length - 1}`);
    } else if ("dropColumn" in button.dataset) {
      rows = rows.map((row) => row.slice(0, -1));
      draw(`cell-0-${rows[0].length - 1}`);
      changed();
    } else if ("weekdays" in button.dataset) fillDays(dayNames(monday(), 7, { weekday: "long" }));
    else if (week) fillDays(dayNames(monday() + Number(week) * DAY_MS, 5, { weekday: "long", day: "numeric", month: "long" }));
  });
  for (const name of ["input", "change"]) {
    form.addEventListener(name, (event) => {
      if (!place.contains(event.target)) refresh();
    });
  }
  refresh();
}
