// The verbs of an incident that ask for a little more than a tap.
export type Asking = 'snooze' | 'escalate' | 'reassign' | 'responders' | 'severity';
