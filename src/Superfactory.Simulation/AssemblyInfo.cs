using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Simulation.Tests")]
