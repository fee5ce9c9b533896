/** How the program ends. */
export const exitCodes = {
  fine: 0,
  unexpected: 1,
  usage: 2,
  /** It was done, and somebody should look at what was found. */
  attention: 3,
  interrupted: 130,
} as const;
