import { exploreJobPairs } from '../testing/explore-job-pairs.ts';
import { exploreJobsOnChains } from '../testing/explore-jobs-on-chains.ts';

exploreJobPairs(2);
exploreJobsOnChains(1);
