// Lists whose rows can be selected: counts them, shows the bar with what can be done, and selects a range with Shift.
for (const list of document.querySelectorAll("[data-selection]")) {
  const bar = document.getElementById(list.dataset.selection);
  if (!bar) continue;
  const counter = bar.querySelector("[data-selected-count]");
  const boxes = () => [...list.querySelectorAll('input[type="checkbox"][form]')];
  const all = bar.querySelector('[name="all"]');
  let last = null;
  const update = () => {
    const count = boxes().filter((box) => box.checked).length;
    bar.classList.toggle("in-use", count > 0 || Boolean(all?.checked));
    if (counter) {
      const text = count === 1 ? counter.dataset.single : counter.dataset.several.replace("{count}", String(count));
      counter.textContent = count ? text : "";
    }
  };
  list.addEventListener("click", (event) => {
    const box = event.target;
    if (!box.matches?.('input[type="checkbox"][form]')) return;
    const found = boxes();
    if (event.shiftKey && last && found.includes(last)) {
      const [from, to] = [found.indexOf(last), found.indexOf(box)].sort((a, b) => a - b);
      for (const each of found.slice(from, to + 1)) each.checked = box.checked;
    }
    last = box;
    update();
  });
  all?.addEventListener("change", update);
  // Browsers restore ticks when somebody comes back to the page.
  window.addEventListener("pageshow", update);
  update();
}
