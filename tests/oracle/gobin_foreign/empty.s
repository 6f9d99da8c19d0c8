// SPDX-License-Identifier: Apache-2.0
// Lets main.go declare a function that has its body elsewhere.
