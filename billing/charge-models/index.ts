import { assert } from '../assert.ts';
import type { ChargeModel } from './charge-model.ts';
import { custom } from './custom.ts';
import { dynamic } from './dynamic.ts';
import { graduated } from './graduated.ts';
import { graduatedPercentage } from './graduated-percentage.ts';
import { packageModel } from './package.ts';
import { percentage } from './percentage.ts';
import { standard } from './standard.ts';
import { volume } from './volume.ts';

/** Every way to price usage. A line here is all that a new model needs: the input, the storage, the pricing and the contract test read it. */
export const chargeModels = {
  standard,
  graduated,
  package: packageModel,
  percentage,
  volume,
  graduated_percentage: graduatedPercentage,
  dynamic,
  custom,
} as const satisfies { readonly [Name in string]: ChargeModel & { readonly name: Name } };

export type ChargeModelName = keyof typeof chargeModels;

export const chargeModelNames = Object.keys(chargeModels) as ChargeModelName[];

/** Models for which the units and the number of events say everything. */
export const modelsPricedFromUnits = chargeModelNames.filter((name) => chargeModels[name].isPricedFromUnits);

export function isChargeModelName(name: unknown): name is ChargeModelName {
  return typeof name === 'string' && Object.hasOwn(chargeModels, name);
}

export function chargeModel(name: string): ChargeModel {
  assert(isChargeModelName(name), `charge model ${name} is known`);
  return chargeModels[name];
}
