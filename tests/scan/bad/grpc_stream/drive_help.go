package p

type drivePeer string

func (p drivePeer) Name() string { return string(p) }
