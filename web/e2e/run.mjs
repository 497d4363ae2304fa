// node e2e/run.mjs [part of a name ...]
import { mkdirSync } from 'node:fs';
import { runAll } from './harness.mjs';
import './story.mjs';
import './setup.mjs';
import './reach.mjs';
import './axe.mjs';
import './forced.mjs';
import './oncall.mjs';
import './together.mjs';
import './work.mjs';
import './recovery.mjs';
import './closure.mjs';
import './tickets.mjs';
import './talk.mjs';
import './offline.mjs';
import './push.mjs';
import './signin.mjs';
import './alerts.mjs';
import './reports.mjs';
import './runbooks.mjs';
import './changes.mjs';
import './comms.mjs';
import './told.mjs';
import './play.mjs';

mkdirSync('e2e/out', { recursive: true });
await runAll();
