using System.Reflection;

namespace Superfactory.Control;

/// <summary>The version of this program.</summary>
internal static class ProgramVersion
{
    /// <summary>The version without what the build adds to it, such as <c>0.1.0</c>.</summary>
    public static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";
}
