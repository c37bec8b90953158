// Drives Microsoft's client through everything, on each transport and in both protocols.
// Prints one JSON object: what happened, by transport and protocol.
import * as signalR from "@microsoft/signalr";
import { MessagePackHubProtocol } from "@microsoft/signalr-protocol-msgpack";

const application = process.env.APPLICATION_URL;
const { WebSockets, ServerSentEvents, LongPolling } = signalR.HttpTransportType;
const ways = {
  "WebSockets json": [WebSockets, false],
  "WebSockets messagepack": [WebSockets, true],
  "ServerSentEvents json": [ServerSentEvents, false],
  "LongPolling json": [LongPolling, false],
  "LongPolling messagepack": [LongPolling, true],
};

function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve) => (parts.resolve = resolve));
  return parts;
}

function connect(kind, user, [transport, binary], reconnects) {
  const builder = new signalR.HubConnectionBuilder()
    .withUrl(`${application}/${kind}?user=${encodeURIComponent(user)}`, { transport })
    .configureLogging(signalR.LogLevel.None);
  if (reconnects) builder.withAutomaticReconnect([0, 200, 1000]);
  if (binary) builder.withHubProtocol(new MessagePackHubProtocol());
  const connection = builder.build();
  const inbox = [];
  const waiting = [];
  connection.on("said", (text) => {
    const next = waiting.shift();
    if (next) next(text);
    else inbox.push(text);
  });
  connection.next = () =>
    inbox.length ? Promise.resolve(inbox.shift()) : new Promise((resolve) => waiting.push(resolve));
  return connection;
}

async function failure(promise) {
  try {
    await promise;
    return "no failure";
  } catch (error) {
    return error.message;
  }
}

async function reconnected(connection, cause) {
  const before = connection.connectionId;
  const done = deferred();
  let reason = null;
  connection.onreconnecting((error) => (reason = reason ?? error?.message));
  connection.onreconnected(() => done.resolve());
  cause();
  await done.promise;
  return [connection.connectionId !== before, reason];
}

async function drive(name, way) {
  const seen = {};
  const ada = connect("valid", `ada ${name}`, way, true);
  const bob = connect("valid", `bob ${name}`, way, false);
  const group = `room/${name} ü`;
  await ada.start();
  await bob.start();
  seen.result = await ada.invoke("echo", { text: "hé", list: [1, 2.5, null, true] });
  seen.error = await failure(ada.invoke("fail"));
  seen.void = (await ada.invoke("nothing")) ?? null;
  if (way[1]) seen.bytes = [...(await ada.invoke("echo", new Uint8Array([0, 1, 255])))];
  await bob.send("all", "to all");
  seen.all = [await ada.next(), await bob.next()];
  await bob.invoke("user", `ada ${name}`, "to ada");
  seen.user = await ada.next();
  await ada.invoke("join", group);
  await bob.invoke("group", group, "to the group");
  seen.group = await ada.next();
  await ada.invoke("connection", "to this connection");
  seen.connection = await ada.next();
  ada.on("asked", (question) => `${question}!`);
  seen.asked = await bob.invoke("ask", ada.connectionId, "sure");
  seen.order = [];
  for (let index = 0; index < 20; index += 1) ada.send("connection", index);
  for (let index = 0; index < 20; index += 1) seen.order.push(await ada.next());
  seen.kicked = await reconnected(ada, () => ada.send("kick", "go away"));
  seen.dropped = (await reconnected(ada, () => ada.send("drop")))[0];
  seen.after = await ada.invoke("echo", "still here");
  const closed = deferred();
  bob.onclose((error) => closed.resolve(error?.message ?? null));
  bob.send("kick", "bye");
  seen.closed = await closed.promise;
  for (const kind of ["expired", "forged", "foreign"]) {
    seen[kind] = await failure(connect(kind, "eve", way, false).start());
  }
  await ada.stop();
  return seen;
}

const seen = {};
for (const [name, way] of Object.entries(ways)) seen[name] = await drive(name, way);
process.stdout.write(JSON.stringify(seen));
