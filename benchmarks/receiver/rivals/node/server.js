// Express with jose, two processes of one port.
import cluster from "node:cluster";
import express from "express";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { AUTHORITY, TENANT, AUDIENCE, PRINCIPAL } = process.env;
const keys = createRemoteJWKSet(new URL(`${AUTHORITY}/${TENANT}/discovery/keys`));
const requirements = {
  algorithms: ["RS256"],
  audience: AUDIENCE,
  issuer: `https://sts.windows.net/${TENANT}/`,
  requiredClaims: ["exp", "nbf"],
};

async function authenticate(request, response, next) {
  const [scheme, token] = (request.headers.authorization ?? "").split(" ");
  try {
    if (scheme.toLowerCase() !== "bearer") throw new Error("no token");
    const { payload } = await jwtVerify(token, keys, requirements);
    if (payload.oid !== PRINCIPAL) throw new Error("not the instance");
  } catch {
    return response.status(401).set("WWW-Authenticate", "Bearer").end();
  }
  next();
}

if (cluster.isPrimary) {
  for (let worker = 0; worker < 2; worker++) cluster.fork();
} else {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.post("/upstream/:instance/", authenticate, express.json(), (request, response) => {
    const { invocationId, arguments: [result] } = request.body;
    const frame = JSON.stringify({ type: 3, invocationId, result }) + "\x1e";
    response.type("application/octet-stream").send(Buffer.from(frame));
  });
  app.listen(Number(process.argv[2]), "127.0.0.1");
}
