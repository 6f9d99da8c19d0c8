package p

type driveContext struct{}

func (driveContext) Path() string { return "/" }
