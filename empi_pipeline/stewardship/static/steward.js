// Conveniences of the stewards' page: keys, dragging, looking again without a reload. Everything works without them.
"use strict";

const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const say = (text) => { find("#live").textContent = text; };
const isTyping = (element) => element.matches("input:not([type=checkbox]):not([type=radio]), textarea, select");

// --- Theme: kept in a cookie, so that the server sends the page right from the start.
function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `empi_theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=strict`;
}

// --- Keys. Single keys can be switched off (WCAG 2.1.4); saving always takes a second key, Enter on the focused button.
const keysOn = () => localStorage.getItem("empi-keys") !== "off";
let prefix = "";

function press(element) {
  const isSaving = element.matches("button.answer, .banner button, input:not([type=checkbox])");
  element.scrollIntoView({ block: "nearest" });
  element.focus();
  if (!isSaving) element.click();
}

function moveInList(step) {
  const rows = all("#worklist tbody tr");
  if (!rows.length) return;
  const now = rows.findIndex((row) => row.classList.contains("at"));
  const next = Math.min(rows.length - 1, Math.max(0, now + step));
  rows.forEach((row, place) => row.classList.toggle("at", place === next));
  const link = find("a", rows[next]);
  link.focus();
  rows[next].scrollIntoView({ block: "nearest" });
}

function movePair(step) {
  const pairs = all("input[name=pair][type=radio]");
  const next = pairs[pairs.findIndex((pair) => pair.checked) + step];
  if (!next) return;
  next.checked = true;
  next.focus();
  if (find("#compare")) find("#compare").value = "";
  lookAgain();
}

function moveRecord(from, step) {
  const inputs = all("#case input.to[name^=to-]");
  const next = inputs[Math.min(inputs.length - 1, Math.max(0, inputs.indexOf(from) + step))];
  if (next) { next.focus(); next.select(); }
}

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.matches("input.to")) return inNumber(event, target);
  if (event.key === "Enter" && target.id === "compare") { event.preventDefault(); return lookAgain(); }
  if (event.key === "Escape" && isTyping(target)) return target.blur();
  if (isTyping(target) || !keysOn() || find("dialog[open]")) return;
  const key = event.key === "ArrowRight" ? "right" : event.key;
  const typed = prefix ? `${prefix} ${key}` : key;
  prefix = "";
  if (key === "g") { prefix = "g"; setTimeout(() => { prefix = ""; }, 1200); return; }
  if (key === "j" || key === "k") {
    const step = key === "j" ? 1 : -1;
    if (find("#worklist")) moveInList(step); else movePair(step);
    return event.preventDefault();
  }
  if (key === "m") {
    const first = find("#case input.to[name^=to-]");
    if (first) { first.focus(); first.select(); event.preventDefault(); }
    return;
  }
  const element = find(`[data-key="${CSS.escape(typed)}"]`);
  if (element && !element.disabled) { event.preventDefault(); press(element); }
});

// --- In the number of a record or of a whole person
function newNumber() {
  return Math.max(0, ...all("#case [data-person]").map((each) => Number(each.dataset.person)));
}

function inNumber(event, input) {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    moveRecord(input, event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
  } else if (event.key === "n") {
    input.value = newNumber();
    event.preventDefault();
    lookAgain();
  } else if (event.key === "Enter") {
    event.preventDefault();
    lookAgain();
  } else if (event.key === "r") {
    input.value = input.dataset.is || "";
    event.preventDefault();
    lookAgain();
  } else if (event.key === "Escape") {
    input.value = input.defaultValue;  // What was moved before stays moved: a save must not be about something else.
    input.blur();
  } else if (event.key.length === 1 && !/\d/.test(event.key)) event.preventDefault();
}

// Typing replaces the number, it does not add digits to it.
document.addEventListener("focusin", (event) => { if (event.target.matches("input.to")) event.target.select(); });

// --- Looking again: the form goes to the server, which answers with the page as it would be; only the form is replaced.
let asking = 0;

async function lookAgain() {
  const form = find("form[data-swap]");
  if (!form) return;
  const mine = ++asking;
  const focused = document.activeElement;
  const mark = focused && (focused.id ? `#${CSS.escape(focused.id)}` : focused.name === "pair" ? "input[name=pair]:checked" : null);
  const scrolled = find(".scroll", form)?.scrollTop ?? 0;
  const body = new URLSearchParams(new FormData(form));
  form.setAttribute("aria-busy", "true");
  let answer, text;
  try {
    answer = await fetch(find("button[formaction]", form).formAction, { method: "POST", body });
    text = await answer.text();
  } catch {
    form.removeAttribute("aria-busy");
    return say("The server does not answer, or you are signed out; what you entered is still here.");
  }
  if (mine !== asking) return;
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = find("form[data-swap]", page);
  if (!fresh) {
    form.removeAttribute("aria-busy");
    return say(`${answer.status === 401 ? "You are signed out" : "The server could not show this"}; what you entered is still here.`);
  }
  all("main > .banner").forEach((old) => old.remove());
  // What was typed while the answer was on its way must not be lost.
  for (const name of ["note", "assign"]) {
    const typed = form.elements[name], there = fresh.elements[name];
    if (typed && there) there.value = typed.value;
  }
  form.replaceWith(fresh);
  all("main > .banner", page).reverse().forEach((banner) => find("main").prepend(banner));
  const scroll = find(".scroll", fresh);
  if (scroll) scroll.scrollTop = scrolled;
  if (mark) find(mark, fresh)?.focus({ preventScroll: true });
  const moved = all("tr.record.moved, th.record.moved", fresh).length;
  say(moved ? `${moved} record${moved === 1 ? "" : "s"} moved, not saved yet` : "");
  watch();
}

document.addEventListener("change", (event) => {
  if (event.target.id === "keys-on") localStorage.setItem("empi-keys", event.target.checked ? "on" : "off");
  else if (event.target.matches("input.to, #compare, input[type=radio][name=pair]")) {
    const compare = find("#compare");
    if (compare && event.target.name === "pair") compare.value = "";  // One of the pairs in question instead.
    lookAgain();
  }
});

// --- Dragging a record, or a whole person, onto a person
let dragged = null;
const place = (event) => event.target.closest?.("#case [data-person]");

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest("[draggable=true]");
  if (!dragged) return;
  dragged.classList.add("dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "");  // Nothing of the record may leave the page.
});
document.addEventListener("dragover", (event) => {
  const over = place(event);
  if (!dragged || !over) return;
  event.preventDefault();
  all(".over").forEach((each) => each !== over && each.classList.remove("over"));
  over.classList.add("over");
});
document.addEventListener("dragend", () => {
  all(".over, .dragged").forEach((each) => each.classList.remove("over", "dragged"));
  dragged = null;
});
document.addEventListener("drop", (event) => {
  const over = place(event);
  if (!dragged || !over) return;
  event.preventDefault();
  const to = over.dataset.person;
  const records = dragged.dataset.record
    ? [dragged.dataset.record]
    : all(`[data-record][data-person="${dragged.dataset.person}"]`).map((each) => each.dataset.record);
  records.forEach((record) => { find(`#to-${record}`).value = to; });
  lookAgain();
});

// --- A batch or another steward may change what is looked at
let watching = null;

function watch() {
  clearInterval(watching);
  const form = find("form[data-state]");
  if (form) watching = setInterval(lookWhetherOld, Number(form.dataset.every || 15) * 1000);
}

async function lookWhetherOld() {
  const form = find("form[data-state]");
  if (!form || document.hidden || !find(".actions")) return;
  try {
    // A proxy that wants a new sign-in leads elsewhere; a token that has expired is 401.
    const answer = await fetch(form.dataset.state, { redirect: "manual" });
    find("#signed-out").hidden = answer.type !== "opaqueredirect" && answer.status !== 401;
    if (!answer.ok) return;
    const state = await answer.json();
    if (state.status === "open" && String(state.version) === form.dataset.version) return;
    find("#changed .what").textContent = state.status === "open" ? `It is version ${state.version} by now.` : "It is closed by now.";
    find("#changed").hidden = false;
    clearInterval(watching);
  } catch { /* The server is away; saving will say so. */ }
}
document.addEventListener("visibilitychange", lookWhetherOld);

// --- Clicks
document.addEventListener("click", (event) => {
  const act = event.target.closest("[data-act]")?.dataset.act;
  if (act === "theme") return toggleTheme();
  if (act === "help") {
    find("#keys-on").checked = keysOn();
    return find("#keys").showModal();
  }
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a, button, input, label") && !String(getSelection())) location.href = row.dataset.href;
});
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.(".filter[open]")) find("input:not([type=hidden])", event.target)?.focus();
}, true);

// --- One save at a time
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => { delete form.dataset.sent; }, 4000);
});
addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => { delete form.dataset.sent; }));

find("#problem")?.focus();
watch();
