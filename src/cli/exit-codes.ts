/** How the program ends; 3, for data problems, belongs to `moraine check`. */
export const exitCodes = {
  fine: 0,
  unexpected: 1,
  usage: 2,
  interrupted: 130,
} as const;
