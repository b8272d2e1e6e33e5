// Sorts the entries of a playlist by dragging, arrow keys and buttons, without loading the page; and remembers the
// order in which things to add were ticked. Without scripts the buttons load the page, and the list's order counts.
const list = document.querySelector("[data-reorder]");
if (list) {
  const rows = () => [...list.querySelectorAll(":scope > [data-entry]")];
  const problem = document.getElementById("order-problem");
  let saved = rows();
  let waiting = null;

  const fill = (text, row, number) => text.replace("{name}", row.dataset.name)
    .replace("{number}", String(number)).replace("{total}", String(rows().length));
  const announce = (text) => {
    const region = document.getElementById("announcer");
    if (region) region.textContent = text;
  };
  const describe = () => {
    rows().forEach((row, place) => {
      row.querySelector("[data-number]").textContent = String(place + 1);
      const [up, down] = row.querySelectorAll('[name="position"]');
      row.querySelector(".handle")?.setAttribute("aria-label", fill(list.dataset.handle, row, place + 1));
      if (!up || !down) return;
      up.setAttribute("aria-label", fill(list.dataset.up, row, place + 1));
      down.setAttribute("aria-label", fill(list.dataset.down, row, place + 1));
      [up.value, down.value] = [String(Math.max(0, place - 1)), String(place + 1)];
      up.disabled = place === 0;
      down.disabled = place === rows().length - 1;
    });
  };
  const restore = (message) => {
    for (const row of saved) list.append(row);
    describe();
    problem.textContent = message;
    problem.hidden = false;
  };
  const send = async () => {
    const order = rows();
    const body = new URLSearchParams(order.map((row) => ["entry", row.dataset.entry]));
    body.append("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    try {
      const answer = await fetch(list.dataset.reorder, { method: "POST", body, signal: AbortSignal.timeout(10_000) });
      if (answer.status === 204) {
        saved = order;
        problem.hidden = true;
      } else restore(answer.status === 409 ? await answer.text() : list.dataset.failed);
    } catch {
      restore(list.dataset.failed);
    }
  };
  // Many presses one after another are one change; the last order counts.
  const save = () => {
    clearTimeout(waiting);
    waiting = setTimeout(send, 300);
  };
  const moveTo = (row, place) => {
    const others = rows().filter((each) => each !== row);
    list.insertBefore(row, others[Math.max(0, Math.min(place, others.length))] ?? null);
    describe();
    announce(fill(list.dataset.moved, row, rows().indexOf(row) + 1));
    save();
  };

  list.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.name !== "position") return;
    event.preventDefault();
    const row = button.closest("[data-entry]");
    const isUp = button.id.startsWith("up-");
    moveTo(row, rows().indexOf(row) + (isUp ? -1 : 1));
    // At an end of the list the button is disabled, and the other one gets the focus.
    const [up, down] = row.querySelectorAll('[name="position"]');
    (button.disabled ? (isUp ? down : up) : button).focus();
  });
  list.addEventListener("keydown", (event) => {
    const handle = event.target.closest?.(".handle");
    if (!handle) return;
    const row = handle.closest("[data-entry]");
    const place = rows().indexOf(row);
    const wanted = { ArrowUp: place - 1, ArrowDown: place + 1, Home: 0, End: rows().length - 1 }[event.key];
    if (wanted === undefined || wanted < 0 || wanted >= rows().length) return;
    event.preventDefault();
    moveTo(row, wanted);
    handle.focus();
  });
  list.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest?.(".handle");
    if (!handle || event.button !== 0) return;
    const row = handle.closest("[data-entry]");
    // Several that are selected go together.
    const isChosen = (each) => each.querySelector('[name="chosen"]')?.checked;
    const moved = isChosen(row) ? rows().filter(isChosen) : [row];
    const drag = (step) => {
      const others = rows().filter((each) => !moved.includes(each));
      const after = others.find((each) => {
        const box = each.getBoundingClientRect();
        return step.clientY < box.top + box.height / 2;
      });
      for (const each of moved) list.insertBefore(each, after ?? null);
    };
    const drop = () => {
      handle.removeEventListener("pointermove", drag);
      for (const each of moved) each.classList.remove("dragged");
      describe();
      if (rows().some((each, place) => each !== saved[place])) {
        announce(fill(list.dataset.moved, row, rows().indexOf(row) + 1));
        save();
      }
    };
    for (const each of moved) each.classList.add("dragged");
    handle.setPointerCapture(event.pointerId);
    handle.addEventListener("pointermove", drag);
    handle.addEventListener("lostpointercapture", drop, { once: true });
  });
  for (const handle of list.querySelectorAll(".handle")) handle.hidden = false;
}

const picking = document.querySelector("[data-pick-order]");
if (picking) {
  const order = picking.querySelector('[name="chosen"]');
  let ticked = [];
  picking.addEventListener("change", (event) => {
    const box = event.target;
    if (box.type !== "checkbox") return;
    ticked = ticked.filter((each) => each !== box);
    if (box.checked) ticked.push(box);
    order.value = ticked.map((each) => `${each.name}:${each.value}`).join(" ");
    for (const mark of picking.querySelectorAll(".pick-number")) mark.remove();
    ticked.forEach((each, place) => {
      const mark = document.createElement("span");
      mark.className = "pick-number";
      mark.textContent = String(place + 1);
      each.closest("label").append(mark);
    });
  });
}
