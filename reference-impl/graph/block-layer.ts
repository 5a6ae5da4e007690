/** The block layer of one endpoint: the nodes, their names and owners, backends and jobs, behind one object. */
import type { Services } from '../services.ts';

export class BlockLayer {
  readonly services: Services;

  constructor(services: Services) {
    this.services = services;
  }
}
