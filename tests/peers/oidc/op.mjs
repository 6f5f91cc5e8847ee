// A real OpenID provider (npm oidc-provider) with a login form of its own, plain or shaped like
// Microsoft Entra ID:
//
//     node op.mjs PORT [TENANT]
//
// Clients register themselves (RFC 7591). Anybody signs in whose password is their login and
// "-password"; what is told of them is fixed below. "ready" on stdout says that it listens.
import http from 'node:http'
import Provider from 'oidc-provider'

const [port, tenant] = [Number(process.argv[2]), process.argv[3]]
const prefix = tenant ? `/${tenant}/v2.0` : ''
const issuer = `http://127.0.0.1:${port}${prefix}`

// The way of signing in stands in the login: "alice+weak" comes without a second factor.
const factors = login => login.includes('weak') ? { amr: ['pwd'], acr: 'urn:pwd' } : { amr: ['pwd', 'otp'], acr: 'urn:mfa' }
const identity = login => tenant
  ? { tid: tenant, oid: `oid-of-${login}`, ver: '2.0', preferred_username: `${login}@example.test`, acrs: ['c1'] }
  : { email: `${login}@example.test`, email_verified: true }

const provider = new Provider(issuer, {
  conformIdTokenClaims: false,
  acrValues: ['urn:mfa', 'urn:pwd'],
  claims: {
    openid: ['sub', 'acr', 'amr', 'auth_time', 'tid', 'oid', 'ver', 'preferred_username', 'acrs', 'email', 'email_verified']
  },
  features: { devInteractions: { enabled: false }, claimsParameter: { enabled: true }, registration: { enabled: true } },
  cookies: { keys: ['a key of this process and of no other'] },
  interactions: { url: (_, interaction) => `${prefix}/interaction/${interaction.uid}` },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...identity(sub.replace(/^sub-of-/, '')) }) }),
  loadExistingGrant: async ctx => {
    const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
    grant.addOIDCScope(ctx.oidc.params.scope ?? 'openid')
    grant.addOIDCClaims(['acr', 'acrs', 'auth_time'])
    await grant.save()
    return grant
  }
})

const escaped = text => String(text ?? '').replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`)

async function form (req, res) {
  const { uid, params } = await provider.interactionDetails(req, res)
  res.setHeader('Content-Type', 'text/html; charset=utf-8')
  res.end(`<!doctype html><title>Sign in</title><form method="post" action="${prefix}/interaction/${uid}">
    <input name="login" value="${escaped(params.login_hint)}"><input name="password" type="password"><button>Sign in</button></form>`)
}

async function submit (req, res) {
  const chunks = []
  for await (const chunk of req) chunks.push(chunk)
  const fields = new URLSearchParams(Buffer.concat(chunks).toString())
  const login = fields.get('login')
  if (fields.has('cancel')) {
    return provider.interactionFinished(req, res, { error: 'access_denied', error_description: '<b>no</b>' })
  }
  if (fields.get('password') !== `${login}-password`) return form(req, res)
  const ts = Math.floor(Date.now() / 1000)
  return provider.interactionFinished(req, res, { login: { accountId: `sub-of-${login}`, ts, ...factors(login) } })
}

const standard = provider.callback()
http.createServer((req, res) => {
  if (prefix && !req.url.startsWith(prefix)) return res.writeHead(404).end()
  req.originalUrl = req.url
  req.url = req.url.slice(prefix.length) || '/'
  if (!req.url.startsWith('/interaction/')) return standard(req, res)
  const answer = req.method === 'POST' ? submit : form
  answer(req, res).catch(error => { console.error(error); res.writeHead(400).end(String(error)) })
}).listen(port, '127.0.0.1', () => console.log('ready'))
