/** The whole chain by the generated types: `drive.js change`, and after an event `drive.js look`. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Operation = components["schemas"]["Operation"];
type Plan = components["schemas"]["Plan"];

const url = variable("SIGNALMAN_URL");
const name = variable("SIGNALMAN_INSTANCE");
const path = { name };
const client = createClient<paths>({
  baseUrl: url,
  headers: { Authorization: `Bearer ${variable("SIGNALMAN_TOKEN")}` },
});

function variable(key: string): string {
  const value = process.env[key];
  assert(value, `Set ${key}.`);
  return value;
}

/** Return what was answered, or throw the problem. */
function held<T>(answer: { data?: T; error?: unknown; response: Response }): NonNullable<T> {
  if (answer.data === undefined || answer.data === null) {
    throw new Error(`${answer.response.status}: ${JSON.stringify(answer.error)}`);
  }
  return answer.data;
}

/** Return the version of the document that was answered, for If-Match. */
function tag(answer: { response: Response }): { "If-Match": string } {
  const version = answer.response.headers.get("ETag");
  assert(version, "An answer without an ETag.");
  return { "If-Match": version };
}

/** Import, want an identity and an upstream, plan, apply, and wait for it. */
async function change(): Promise<void> {
  held(
    await client.POST("/api/v1/subscriptions/{subscription_id}/import/", {
      params: { path: { subscription_id: variable("AZURE_SUBSCRIPTION_ID") } },
      body: { name, accept: false },
    }),
  );
  const instance = held(await client.GET("/api/v1/instances/{name}/", { params: { path } }));
  assert.equal(instance.policy, "observe");
  await manage();
  await want();
  const plan = held(await client.GET("/api/v1/instances/{name}/plan/", { params: { path } }));
  assert.deepEqual(plan.steps.map((step) => step.kind), ["identity", "templates"]);
  const operation = await ended(await apply(plan));
  assert.equal(operation.state, "succeeded", JSON.stringify(operation.error));
  const empty = held(await client.GET("/api/v1/instances/{name}/plan/", { params: { path } }));
  assert.deepEqual(empty.steps, []);
}

/** Let Signalman write to the instance: an import only observes. */
async function manage(): Promise<void> {
  const address = "/api/v1/instances/{name}/settings/";
  const header = tag(await client.GET(address, { params: { path } }));
  const body = { policy: "manage", is_protected: true } as const;
  held(await client.PUT(address, { params: { path, header }, body }));
}

/** Want an identity and a signed template, each against the version that was read. */
async function want(): Promise<void> {
  const identity = "/api/v1/instances/{name}/identity/";
  let header = tag(await client.GET(identity, { params: { path } }));
  const body = { type: "SystemAssigned" } as const;
  held(await client.PUT(identity, { params: { path, header }, body }));
  const stale = await client.PUT(identity, { params: { path, header }, body });
  assert.equal(stale.response.status, 412);
  assert.equal(stale.error?.status, 412);

  const upstream = "/api/v1/instances/{name}/upstream/";
  header = tag(await client.GET(upstream, { params: { path } }));
  const resource = "api://signalman-upstream";
  const template = {
    hubPattern: "chat",
    urlTemplate: `${url}/upstream/${name}/`,
    auth: { type: "ManagedIdentity", managedIdentity: { resource } },
  } as const;
  held(await client.PUT(upstream, { params: { path, header }, body: [template] }));
}

/** Start the plan that was read; asked again by the same key, it starts nothing again. */
async function apply(plan: Plan): Promise<Operation> {
  const params = { path, header: { "Idempotency-Key": randomUUID() } };
  const body = { digest: plan.digest, confirm_destructive: plan.is_destructive };
  const first = held(await client.POST("/api/v1/instances/{name}/apply/", { params, body }));
  const again = held(await client.POST("/api/v1/instances/{name}/apply/", { params, body }));
  assert.equal(first.id, again.id);
  return first;
}

/** Return the operation once it has ended. */
async function ended(operation: Operation): Promise<Operation> {
  const deadline = Date.now() + 120_000;
  while (["queued", "running"].includes(operation.state) && Date.now() < deadline) {
    await pause(200);
    const params = { path: { id: operation.id } };
    operation = held(await client.GET("/api/v1/operations/{id}/", { params }));
  }
  return operation;
}

/** Print how many deliveries there were, and the last of them. */
async function look(): Promise<void> {
  const params = { path };
  const traffic = held(await client.GET("/api/v1/instances/{name}/traffic/", { params }));
  const deliveries = held(await client.GET("/api/v1/instances/{name}/deliveries/", { params }));
  const counts = Object.fromEntries(traffic.map((each) => [each.outcome, each.count]));
  const events = deliveries.results.map((each) => `${each.hub}/${each.category}/${each.event}`);
  process.stdout.write(JSON.stringify({ counts, events }));
}

await (process.argv[2] === "change" ? change() : look());
