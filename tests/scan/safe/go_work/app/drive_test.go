package app

import "testing"

func TestDrive(t *testing.T) { F() }
