using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Model.Tests")]
[assembly: InternalsVisibleTo("Superfactory.Lab")]
