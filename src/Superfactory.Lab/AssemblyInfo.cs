using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Lab.Tests")]
