/** How the program ends. */
export const exitCodes = {
  fine: 0,
  unexpected: 1,
  usage: 2,
  /** Something is wrong with what is stored. */
  problems: 3,
  interrupted: 130,
} as const;
