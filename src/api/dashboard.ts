/** Serves the dashboard as it was built: one page for all of its paths, and its files. It asks the API like any other client. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** The paths of the page; what is behind `*` is the page's own to read. */
const PAGES = [
  ...['/', '/login', '/setup', '/usage', '/requests', '/requests/*', '/keys', '/budgets'],
  ...['/accounts', '/accounts/*', '/alerts', '/models', '/settings'],
] as const

/** All that is served here, files included. */
export const DASHBOARD_PATH =
  /^\/(?:(?:login|setup|usage|requests|keys|budgets|accounts|alerts|models|settings|assets)(?:\/.*)?|[\w.-]+\.(?:ico|svg|png|webmanifest|txt))?$/

/** Scripts and data come from this server alone; styles are also set by the page itself, which its library does. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** Names of files under `assets` change with what is in them; the page names them, and so is asked for each time. */
function keptFor(path: string, assets: string): string {
  if (path.startsWith(assets)) return 'public, max-age=31536000, immutable'
  return path.endsWith(PAGE) ? AFRESH : 'public, max-age=3600'
}

const PAGE = 'index.html'
const AFRESH = 'no-cache'

export function mountDashboard(fastify: FastifyInstance, dist: string): void {
  const assets = join(dist, 'assets')
  fastify.register(async (scope) => {
    scope.addHook('onSend', async (_request, reply) => void reply.headers(HEADERS))
    await scope.register(fastifyStatic, {
      ...{ root: assets, prefix: '/assets/', index: false, redirect: false, suppressWarning: true },
      // A folder is nothing to look at.
      allowedPath: (path) => !path.endsWith('/'),
      ...{ dotfiles: 'ignore', cacheControl: false },
      setHeaders: (reply, path) => void reply.header('cache-control', keptFor(path, assets)),
    })
    for (const path of PAGES) scope.get(path, (_request, reply) => sendPage(reply, dist))
    for (const name of loose(dist)) scope.get(`/${name}`, (_request, reply) => reply.sendFile(name, dist))
  })
}

function sendPage(reply: FastifyReply, dist: string) {
  if (existsSync(join(dist, PAGE))) return reply.sendFile(PAGE, dist)
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': AFRESH }
  return reply.code(NOT_BUILT).headers(headers).send(MISSING)
}

/** Icons and the like beside the page. */
const loose = (dist: string): string[] =>
  existsSync(dist)
    ? readdirSync(dist).filter((name) => name !== PAGE && DASHBOARD_PATH.test(`/${name}`) && name.includes('.'))
    : []

/** The page is there once it is built; until then nothing is wrong with the request. */
const NOT_BUILT = 503

const MISSING = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Turnpike</title><meta name="viewport" content="width=device-width"></head>
<body><main><h1>The dashboard is not built</h1>
<p>Turnpike is running, and its API answers. To build the dashboard, run this where Turnpike was installed, and load this page again:</p>
<pre>npm run dashboard</pre>
<p>The <a href="/docs">reference of the API</a> needs no dashboard.</p></main></body></html>
`
