#!/usr/bin/env node
// Starts Turnpike. Plain JavaScript that an old Node can read as well, because an old Node is what it has to explain.
import { existsSync } from 'node:fs'
import module from 'node:module'

const NEEDED = [22, 19]

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(
    `turnpike: Node ${process.versions.node} is too old, ${NEEDED.join('.')} is needed. ` +
      '`npm ci` brings Node 24 along; then start with `npm start`\n',
  )
  process.exit(2)
}

module.enableCompileCache()
// The packed package holds stripped JavaScript; in the repository the sources run as they are written.
const packed = new URL('../dist/main.js', import.meta.url)
await import(existsSync(packed) ? packed.href : new URL('../src/main.ts', import.meta.url).href)
