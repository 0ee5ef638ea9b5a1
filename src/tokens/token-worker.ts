/** The thread that counts: loads the ranks once, then answers each message in order. */
import { parentPort, workerData } from 'node:worker_threads'
import { createO200k } from '../core/o200k.ts'
import { systemClock } from '../lib/clock.ts'
import { createTokenJobs, type JobMessage } from './token-jobs.ts'

// Only this thread pays for the ranks: some 100 to 200 ms and 60 MB.
const { default: ranks } = await import('gpt-tokenizer/bpeRanks/o200k_base')
const { jobMs } = workerData as { jobMs: number }
const jobs = createTokenJobs({ o200k: createO200k(ranks), clock: systemClock, jobMs })

parentPort?.on('message', (message: JobMessage) => parentPort?.postMessage(jobs.take(message)))
