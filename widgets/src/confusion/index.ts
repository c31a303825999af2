/** The classes of the confusion matrix that the kernel names. */
export { ConfusionModel } from './model';
export { ConfusionView } from './view';
