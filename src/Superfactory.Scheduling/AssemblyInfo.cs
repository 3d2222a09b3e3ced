using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Scheduling.Tests")]
