// The chat: what one says, all hear.

import { byId, element, visible } from "./dom.js";
import { open } from "./wire.js";

const MOST = 200;

/** Makes the chat work; `session` returns the id of the session or null. */
export function setUp({ session, announce }) {
  const [log, form, join, input] = ["chat-log", "chat-form", "chat-join", "chat-text"].map(byId);
  const nickname = `guest-${Math.floor(Math.random() * 9000 + 1000)}`;
  let socket = null;

  function tell(text, isNotice) {
    log.append(element("p", isNotice ? { class: "notice-line" } : {}, visible(text)));
    while (log.childElementCount > MOST) log.firstElementChild.remove();
    log.scrollTop = log.scrollHeight;
  }

  function isIn(joined) {
    join.hidden = joined;
    form.hidden = !joined;
    if (joined) log.hidden = false;
  }

  join.addEventListener("click", () => {
    const id = session();
    if (!id) return announce("The server can't be reached.");
    socket = open("/chat", id);
    socket.onopen = () => {
      isIn(true);
      tell(`You are ${nickname}.`, true);
      input.focus();
    };
    socket.onmessage = ({ data }) => tell(String(data), false);
    socket.onclose = ({ code }) => {
      const hadFocus = form.contains(document.activeElement);
      isIn(false);
      log.hidden = false;
      tell(`The chat was closed: ${code}.`, true);
      if (hadFocus) join.focus();
    };
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value !== "" && socket?.readyState === WebSocket.OPEN) socket.send(`${nickname}: ${input.value}`);
    input.value = "";
  });
}
