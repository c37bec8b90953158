// Drive @azure/identity, @azure/arm-signalr and @azure/keyvault-secrets: node drive.mjs LOCAL_AZURE_URL
import { SignalRManagementClient } from "@azure/arm-signalr";
import {
  ClientSecretCredential,
  EnvironmentCredential,
  ManagedIdentityCredential,
} from "@azure/identity";

const url = process.argv[2];
const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, AZURE_SUBSCRIPTION_ID } = process.env;
const scope = "https://management.azure.com/.default";
const failed = [];
let made = 0;

async function call(name, work) {
  made += 1;
  try {
    return await work();
  } catch (error) {
    failed.push(name);
    console.error(`${name} failed: ${error.stack}`);
  }
}

for (const authorityHost of [url, url.replace("localhost", "127.0.0.1")]) {
  const options = { authorityHost, disableInstanceDiscovery: true };
  const credential = new ClientSecretCredential(
    AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, options,
  );
  await call(`token at ${authorityHost}`, () => credential.getToken(scope));
  const client = new SignalRManagementClient(credential, AZURE_SUBSCRIPTION_ID, {
    endpoint: authorityHost,
  });
  await call(`list instances at ${authorityHost}`, async () => {
    for await (const one of client.signalR.listBySubscription()) one.name;
  });
}
await call("environment", () =>
  new EnvironmentCredential({ disableInstanceDiscovery: true }).getToken(scope),
);
await call("managed identity", () => new ManagedIdentityCredential().getToken(scope));
console.log(`${made} calls made, ${failed.length} failed: ${failed}`);
process.exitCode = failed.length;
