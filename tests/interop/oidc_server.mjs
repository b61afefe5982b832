// An authorization server of oidc-provider, with the pages that it brings along, in TickTick's shape:
// node oidc_server.mjs MODULES SHAPE
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const [modules, shape] = process.argv.slice(2);
const { client, lifetime, paths, scope } = JSON.parse(shape);
const { Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`).href);

function provide(issuer) {
  const provider = new Provider(issuer, {
    clients: [client],
    // What registers itself is on the person's own machine: its redirect URI is a loopback address (RFC 8252).
    clientDefaults: { application_type: "native", grant_types: ["authorization_code"], response_types: ["code"] },
    features: { registration: { enabled: true } },
    pkce: { required: (_context, { clientAuthMethod }) => clientAuthMethod === "none" },
    responseTypes: ["code"],
    routes: Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, `/${path}`])),
    scopes: scope.split(" "),
    ttl: { AccessToken: lifetime },
  });
  // Tokens that look as TickTick's do.
  provider.AccessToken.prototype.generateTokenId = function () {
    this.format = "opaque";
    return randomUUID();
  };
  Object.defineProperty(provider.AccessToken.prototype, "tokenType", { value: "bearer" });
  provider.use(async (context, next) => {
    if (context.path !== "/resource") return next();
    const token = await provider.AccessToken.find(context.get("Authorization").replace("Bearer ", ""));
    context.assert(token?.scope === scope, 401);
    context.body = token.accountId;
  });
  provider.on("server_error", (_c, e) => console.error(e));
  return provider.callback();
}

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  server.on("request", provide(`http://127.0.0.1:${port}`));
  console.log(port);
});
// With the test process, if need be.
process.stdin.on("end", () => process.exit()).resume();
