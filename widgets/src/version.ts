/** Name and version under which the widget classes are registered; the version is package.json's. */
export const MODULE_NAME = 'wsinb';
export const MODULE_VERSION = '0.1.0';
