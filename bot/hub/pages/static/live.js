// Keeps an open page true while work goes on. Without it the page is complete, only still.
const main = document.getElementById("main");
const pause = Number(main.dataset.live) * 1000;
let before = null;

// Nothing is replaced under somebody's hands: not while text is selected, nor while focus is on something inside, nor over words that are not sent yet.
const typed = () => [...main.querySelectorAll("textarea, input")].some((field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked);
const busy = () => document.hidden || !getSelection().isCollapsed || typed() || (main.contains(document.activeElement) && document.activeElement !== main);

async function look() {
  if (!busy()) {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const text = answer.ok ? await answer.text() : null;
      if (text !== null && text !== before && !busy()) {
        const opened = [...main.querySelectorAll("details")].map((part) => part.open);
        const board = main.querySelector(".board");
        const scrolled = board ? board.scrollLeft : 0;
        const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("main");
        if (before !== null && fresh) {
          main.replaceChildren(...fresh.childNodes);
          main.querySelectorAll("details").forEach((part, place) => { if (place in opened) part.open = opened[place]; });
          const after = main.querySelector(".board");
          if (after) after.scrollLeft = scrolled;
        }
        before = text;
      }
    } catch {
      // The hub is gone for a moment, or for good: the page stays as it is.
    }
  }
  setTimeout(look, pause);
}
setTimeout(look, pause);
