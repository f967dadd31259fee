/** The client of the payments API. */

import { Connection, type ParcelaOptions } from './connection.js';
import { Resources } from './resources.js';
import { Webhooks } from './webhooks.js';

/** Keep one for as long as the program runs. `Vinr` is the same class. */
export class Parcela extends Resources {
  readonly webhooks: Webhooks;

  constructor(options: ParcelaOptions = {}) {
    super(new Connection(options));
    this.webhooks = new Webhooks(options.webhookSecret);
  }
}
