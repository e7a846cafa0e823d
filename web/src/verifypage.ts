export function mount(): void {}
mount();
