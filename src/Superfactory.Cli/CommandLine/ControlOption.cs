using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using Superfactory.Cli.Api;
using Superfactory.Model;

namespace Superfactory.Cli.CommandLine;

/// <summary><c>--control URL</c>, which every command takes that speaks to a control plane.</summary>
internal sealed class ControlOption
{
    private const string Variable = "SUPERFACTORY_CONTROL";
    private const string Default = "http://127.0.0.1:7400";

    /// <summary>The option, for the root command.</summary>
    public Option<string?> Option { get; } = new("--control")
    {
        Description = $"Where the control plane is. [default: ${Variable} or {Default}]",
        HelpName = "URL",
        Recursive = true,
    };

    /// <summary>The address given, or that of the environment, or the default.</summary>
    public bool TryGet(ParseResult parsed, [NotNullWhen(true)] out Uri? address, [NotNullWhen(false)] out Problem? problem)
    {
        var given = parsed.GetValue(Option);
        var variable = Environment.GetEnvironmentVariable(Variable);
        var (text, source) = given is not null ? (given, "--control") : variable is { Length: > 0 } ? (variable, Variable) : (Default, "--control");
        if (Uri.TryCreate(text, UriKind.Absolute, out address) && address.Scheme is "http" or "https")
        {
            problem = null;
            return true;
        }

        // "127.0.0.1:7400" is what people write; the scheme is the only thing that it lacks.
        var hint = !text.Contains("://", StringComparison.Ordinal) && Uri.TryCreate($"http://{text}", UriKind.Absolute, out _) ? $"Did you mean 'http://{text}'?" : null;
        (address, problem) = (null, new Problem($"'{text}' is no address of a control plane: expected a URL such as {Default}.", Field: source, Hint: hint));
        return false;
    }

    /// <summary>Runs something with a client of the control plane.</summary>
    public async Task<int> WithClientAsync(ParseResult parsed, Terminal terminal, Func<ControlClient, Task<int>> action)
    {
        if (!TryGet(parsed, out var address, out var problem))
        {
            return terminal.Fail([problem], ExitCode.BadInput);
        }

        using var client = new ControlClient(address);
        return await action(client);
    }
}
