// @azure/arm-signalr with @azure/identity, every operation once.
import { ClientSecretCredential } from "@azure/identity";
import { SignalRManagementClient } from "@azure/arm-signalr";

const env = process.env;
const url = env.AZURE_AUTHORITY_HOST;
const [group, name, premium] = ["rg-payments", "contoso-npm", "contoso-payments"];
const calls = [];
const failed = {};

async function call(label, action) {
  calls.push(label);
  try {
    return await action();
  } catch (error) {
    failed[label] = `${error.stack}`;
    return undefined;
  }
}

async function all(pages) {
  const found = [];
  for await (const one of pages) found.push(one);
  return found;
}

function expect(label, condition) {
  if (!condition) failed[`${label}: answer`] = "The answer is not as it has to be.";
}

const credential = new ClientSecretCredential(
  env.AZURE_TENANT_ID,
  env.AZURE_CLIENT_ID,
  env.AZURE_CLIENT_SECRET,
  { authorityHost: url, disableInstanceDiscovery: true },
);
const client = new SignalRManagementClient(credential, env.AZURE_SUBSCRIPTION_ID, {
  endpoint: url,
});
const one = client.signalR;
const body = { location: "westeurope", sku: { name: "Standard_S1", capacity: 1 } };

const created = await call("create", () => one.beginCreateOrUpdateAndWait(group, name, body));
expect("create", created?.provisioningState === "Succeeded");
await call("replace", () =>
  one.beginCreateOrUpdateAndWait(group, name, { ...body, tags: { a: "b" } }),
);
const read = await call("get", () => one.get(group, name));
expect("replace", read?.tags?.a === "b");
await call("list", () => all(one.listBySubscription()));
await call("list of a group", () => all(one.listByResourceGroup(group)));
const identity = { identity: { type: "SystemAssigned" } };
const updated = await call("identity", () => one.beginUpdateAndWait(group, name, identity));
expect("identity", updated?.identity?.principalId);
const upstream = { upstream: { templates: [{ urlTemplate: "https://example.com/{event}" }] } };
const changed = await call("upstream", () => one.beginUpdateAndWait(group, name, upstream));
expect("upstream", changed?.upstream?.templates?.length === 1);
const keys = await call("keys", () => one.listKeys(group, name));
await call("renew key", () =>
  one.beginRegenerateKeyAndWait(group, name, { keyType: "Primary" }),
);
const after = await call("keys again", () => one.listKeys(group, name));
expect("renew key", keys?.primaryKey !== after?.primaryKey);
await call("restart", () => one.beginRestartAndWait(group, name));
await call("skus", () => one.listSkus(group, name));
await call("check name", () =>
  one.checkNameAvailability("westeurope", { type: "Microsoft.SignalRService/SignalR", name }),
);
await call("usages", () => all(client.usages.list("westeurope")));
await call("operations", () => all(client.operations.list()));
await call("certificates", () => all(client.signalRCustomCertificates.list(group, premium)));
await call("domains", () => all(client.signalRCustomDomains.list(group, premium)));
await call("connections", () =>
  all(client.signalRPrivateEndpointConnections.list(group, premium)),
);
await call("link resources", () => all(client.signalRPrivateLinkResources.list(group, premium)));
await call("shared links", () =>
  all(client.signalRSharedPrivateLinkResources.list(group, premium)),
);
await call("delete", () => one.beginDeleteAndWait(group, name));
console.log(JSON.stringify({ calls, failed }));
