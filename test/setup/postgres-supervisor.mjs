// Owns one PostgreSQL for exactly as long as its own standard input stays open. Whoever started it may be killed without
// a word: the pipe closes, the server ends and its folder goes. Plain JavaScript, because it must run before anything else does.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'

// `commanded`: it starts the server when it reads "start", sends it whatever signal it reads, and says when it has ended.
const { folder, initdb, postgres, identity, commanded } = JSON.parse(process.argv[2] ?? '{}')
const patienceMs = 5_000
const logTailCharacters = 4_000

let running
let stopping = false
for (const event of ['end', 'error', 'close']) process.stdin.on(event, stop)
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop)
if (commanded) process.stdin.setEncoding('utf8').on('data', (text) => text.split('\n').filter(Boolean).forEach(obey))
else process.stdin.resume()
// Nobody may be listening any more; that must not keep the server alive.
process.stdout.on('error', stop)
process.stderr.on('error', () => {})

if ((initdb === undefined || (await run(initdb, 'initdb')) === 0) && !stopping) {
  process.stdout.write('started\n')
  if (!commanded) await run(postgres, 'postgres')
  else while (!stopping) await new Promise((resolve) => setTimeout(resolve, 50))
  while (running) await new Promise((resolve) => setTimeout(resolve, 20))
}
rmSync(folder, { recursive: true, force: true })
process.exit(stopping ? 0 : 1)

function obey(command) {
  if (command !== 'start') running?.kill(command)
  else run(postgres, 'postgres').then(() => process.stdout.write('ended\n'))
}

function run(command, name) {
  const [program, ...options] = command
  return new Promise((resolve) => {
    let log = ''
    const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }
    running = spawn(program, options, { ...identity, cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const keep = (bytes) => {
      log = (log + bytes).slice(-logTailCharacters)
    }
    running.stdout.on('data', keep)
    running.stderr.on('data', keep)
    running.on('error', keep)
    running.on('close', (code) => {
      running = undefined
      if (!stopping) process.stderr.write(`${name} ended with ${code}:\n${log}`)
      resolve(code)
    })
  })
}

// SIGINT is PostgreSQL's fast stop; SIGQUIT its immediate one, for when a client holds the fast one up.
function stop() {
  if (stopping) return
  stopping = true
  running?.kill('SIGINT')
  setTimeout(() => running?.kill('SIGQUIT'), patienceMs).unref()
}
