/** From the one who may least to the one who may everything. */
export const roles = ['stakeholder', 'observer', 'responder', 'manager', 'admin'] as const;
