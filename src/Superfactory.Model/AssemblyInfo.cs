using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Model.Tests")]
