/* The chat page: a client of Azure SignalR Service, with Microsoft's library. */
"use strict";

const element = (id) => document.getElementById(id);
const ticket = JSON.parse(element("ticket").textContent);
const rooms = new Set();

const connection = new signalR.HubConnectionBuilder()
  .withUrl("/negotiate/chat", { accessTokenFactory: () => ticket })
  .withAutomaticReconnect()
  .configureLogging(signalR.LogLevel.None)
  .build();

connection.on("said", ({ from, to, text }) => show("message", `${from} to ${to}:`, text));
connection.on("noticed", (text) => show("notice", "", text));
connection.onreconnecting(() => showStatus("Reconnecting…"));
connection.onreconnected(async () => {
  await introduce();
  // A new connection is in no group.
  for (const room of rooms) await call("join", room);
});
connection.onclose((error) => showStatus(`Disconnected. ${error ? error.message : ""} Reload the page.`));

function show(kind, heading, text) {
  const line = document.createElement("p");
  line.className = kind;
  if (heading) {
    const strong = document.createElement("strong");
    strong.textContent = heading;
    line.append(strong, " ");
  }
  line.append(text);
  element("messages").append(line);
  line.scrollIntoView({ block: "nearest" });
}

function showStatus(text) {
  element("status").textContent = text;
}

async function introduce() {
  showStatus(`Connected as ${await connection.invoke("whoami")}.`);
}

/* Calls a method of the hub; returns whether it succeeded. */
async function call(method, ...args) {
  try {
    await connection.invoke(method, ...args);
    return true;
  } catch (error) {
    show("error", "Not sent:", error.message.replace(/^.*HubException: /, ""));
    return false;
  }
}

element("room-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const room = element("room").value.trim();
  if (await call("join", room)) {
    rooms.add(room);
    element("recipient").value = "room";
    element("recipient").dispatchEvent(new Event("change"));
  }
});

element("recipient").addEventListener("change", () => {
  const isUser = element("recipient").value === "user";
  for (const part of document.querySelectorAll("[data-for-user]")) part.hidden = !isUser;
  element("user").required = isUser;
});

element("message-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = element("text");
  const text = field.value;
  const recipients = {
    all: ["say_to_all"],
    room: ["say_to_room", element("room").value.trim()],
    user: ["say_to_user", element("user").value.trim()],
  };
  field.value = "";
  field.focus();
  if (!(await call(...recipients[element("recipient").value], text)) && !field.value) field.value = text;
});

async function start() {
  try {
    await connection.start();
    await introduce();
  } catch (error) {
    showStatus(`Cannot connect. ${error.message}`);
  }
}

start();
