using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Superfactory.Routing.Tests.Oracle;

/// <summary>A linear program that GLPK solves in a process of its own. Variables are 0 or more unless they are bounded otherwise.</summary>
internal sealed class LinearProgram
{
    private readonly List<(double Low, double High, double Objective)> _variables = [];
    private readonly StringBuilder _rows = new();
    private int _rowCount;

    /// <summary>Whether <c>glpsol</c> is on the path.</summary>
    public static bool IsHere { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Any(folder => File.Exists(Path.Combine(folder, "glpsol")));

    /// <summary>Adds a variable and gives its number.</summary>
    public int Variable(double low = 0, double high = double.PositiveInfinity, double objective = 0)
    {
        _variables.Add((low, high, objective));
        return _variables.Count - 1;
    }

    /// <summary>Adds a row: the terms' sum, a comparison (<c>=</c>, <c>&lt;=</c>, <c>&gt;=</c>) and a number.</summary>
    public void Row(IEnumerable<(double Factor, int Variable)> terms, string comparison, double right)
    {
        _rows.Append(CultureInfo.InvariantCulture, $"r{_rowCount++}:");
        foreach (var (factor, variable) in terms)
        {
            _rows.Append(CultureInfo.InvariantCulture, $" {Signed(factor)} v{variable}\n");
        }

        _rows.Append(CultureInfo.InvariantCulture, $" {comparison} {right:R}\n");
    }

    /// <summary>The values of the variables where the objective is highest.</summary>
    public double[] Maximize() => Solve("Maximize");

    /// <summary>The values of the variables where the objective is lowest.</summary>
    public double[] Minimize() => Solve("Minimize");

    private static string Signed(double number) => (number < 0 ? "- " : "+ ") + Math.Abs(number).ToString("R", CultureInfo.InvariantCulture);

    private double[] Solve(string direction)
    {
        var folder = Directory.CreateTempSubdirectory("superfactory-oracle-").FullName;
        try
        {
            var (problem, solution) = (Path.Combine(folder, "problem.lp"), Path.Combine(folder, "solution"));
            File.WriteAllText(problem, Text(direction));
            using var process = Process.Start(new ProcessStartInfo("glpsol", ["--lp", problem, "--write", solution]) { RedirectStandardOutput = true })!;
            var said = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 && File.Exists(solution) ? Read(File.ReadAllLines(solution), said) : throw new InvalidOperationException(said);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // The CPLEX format numbers variables as they are first named: all are named in the objective.
    private string Text(string direction)
    {
        var text = new StringBuilder().Append(direction).Append("\nobjective:");
        for (var variable = 0; variable < _variables.Count; variable++)
        {
            text.Append(CultureInfo.InvariantCulture, $" {Signed(_variables[variable].Objective)} v{variable}\n");
        }

        text.Append("Subject To\n").Append(_rows).Append("Bounds\n");
        for (var variable = 0; variable < _variables.Count; variable++)
        {
            var (low, high, _) = _variables[variable];
            text.Append(CultureInfo.InvariantCulture, $"{low:R} <= v{variable} <= {(double.IsPositiveInfinity(high) ? "+inf" : high.ToString("R", CultureInfo.InvariantCulture))}\n");
        }

        return text.Append("End\n").ToString();
    }

    // "s bas ROWS COLUMNS PRIMAL DUAL OBJECTIVE" with f f where it is optimal, then "j COLUMN STATUS PRIMAL DUAL" for each variable.
    private double[] Read(string[] lines, string said)
    {
        if (!lines.Any(line => line.StartsWith("s bas ", StringComparison.Ordinal) && line.Contains(" f f ", StringComparison.Ordinal)))
        {
            throw new InvalidOperationException("GLPK found no optimum: " + said);
        }

        var values = new double[_variables.Count];
        foreach (var parts in lines.Where(line => line.StartsWith("j ", StringComparison.Ordinal)).Select(line => line.Split(' ')))
        {
            values[int.Parse(parts[1], CultureInfo.InvariantCulture) - 1] = double.Parse(parts[3], CultureInfo.InvariantCulture);
        }

        return values;
    }
}
