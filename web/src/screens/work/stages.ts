// The way back from a trouble, and what it may have been.
export const stages = ['contain', 'fix', 'recover', 'watch'] as const;
export type Stage = (typeof stages)[number];

/** What a dialog about the recovery asks for. */
export type RecoveryAsked = 'watch' | 'confirm' | 'cause' | 'resolve';

/** Causes that people look for; the server takes others as well. */
export const causes = [
  'change',
  'capacity',
  'configuration',
  'hardware',
  'software',
  'network',
  'power',
  'supplier',
  'security',
  'people',
  'unknown',
] as const;
